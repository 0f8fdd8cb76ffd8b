"""The standards' roles, as people call them."""

ROWS = """
told_customer_manager | customer manager | 客户经理
told_salesperson | salesperson | 销售人员
told_finance | finance | 财务
told_market_manager | market manager | 市场经理
told_service_section | service section | 服务科
told_marketing_centre | marketing centre | 营销中心
told_service_department | service department | 服务部门
told_department_manager | department manager | 部门经理
told_general_manager | general manager | 总经理
told_company_leadership | company leadership | 公司领导
told_customer_relations_manager | customer relations manager | 客户关系经理
told_brand_division | brand division | 品牌事业部
told_legal | legal | 法务
told_vp_operations | VP operations | 运营副总裁
told_ceo | CEO | 首席执行官
told_office | office | 办公室
told_investigation_team | investigation team | 调查组
told_duty_manager | duty manager | 值班经理
told_sales_manager | sales manager | 销售经理
told_group_call_centre | group call centre | 集团呼叫中心
"""
